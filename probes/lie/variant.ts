/** An item that is asked in several sets of wordings comes once for each: the first under its question's id, the others numbered. */

export function variantId(id: string, index: number): string {
  return index === 0 ? id : `${id}#${index + 1}`;
}

export function isVariant(id: string): boolean {
  return /#\d+$/.test(id);
}
