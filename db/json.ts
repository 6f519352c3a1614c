/** JSON that keeps numbers which JSON has no words for: a NaN must come back as NaN, and never as null. */

const tag = '$number';

export function encodeJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'number' && (!Number.isFinite(inner) || Object.is(inner, -0))
      ? { [tag]: Object.is(inner, -0) ? '-0' : String(inner) }
      : inner,
  );
}

export function decodeJson<T>(text: string): T {
  return JSON.parse(text, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && tag in inner ? Number(inner[tag]) : inner,
  ) as T;
}
