/** Every page has an address in the hash, which survives a reload and can be linked. Reading and writing them is pure. */

/** Which items a link narrows to, and their order; the same words as the contract's `ItemFilter`. */
export interface ItemsQuery {
  readonly outcome?: string;
  readonly verdict?: string;
  readonly category?: string;
  readonly search?: string;
  readonly order?: 'surest-mistakes';
}

export type Route =
  | { readonly page: 'bench' }
  | { readonly page: 'sessions' }
  | { readonly page: 'session'; readonly id: string }
  | { readonly page: 'run'; readonly id: string; readonly items: ItemsQuery }
  /** `at` is the item's place in the filtered list that it was opened from, so that j and k stay in that list. */
  | { readonly page: 'item'; readonly id: string; readonly index: number; readonly items: ItemsQuery; readonly at: number | null }
  | { readonly page: 'compare'; readonly a: string | null; readonly b: string | null }
  | { readonly page: 'compare-item'; readonly a: string; readonly b: string; readonly indexA: number; readonly indexB: number }
  | { readonly page: 'models' }
  | { readonly page: 'model'; readonly source: string }
  | { readonly page: 'playground'; readonly source: string | null }
  | { readonly page: 'data'; readonly source: string | null }
  | { readonly page: 'unknown'; readonly address: string };

const itemKeys = ['outcome', 'verdict', 'category', 'search'] as const;

/** Reads an address such as `#/runs/r1/items/4?outcome=role-play`. */
export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#/, '').split('?', 2);
  const query = new URLSearchParams(search);
  const parts = path.split('/').filter((part) => part !== '');
  const [room, id, kind, index] = parts.map(decode);
  const unknown: Route = { page: 'unknown', address: hash };
  if (room === undefined || (room === 'bench' && parts.length === 1)) return { page: 'bench' };
  if (room === 'sessions' && parts.length <= 2) return id === undefined ? { page: 'sessions' } : { page: 'session', id };
  if (room === 'runs' && id !== undefined) {
    if (parts.length === 2) return { page: 'run', id, items: itemsQuery(query) };
    const number = whole(index);
    if (kind === 'items' && number !== null && parts.length === 4) {
      return { page: 'item', id, index: number, items: itemsQuery(query), at: whole(query.get('at')) };
    }
    return unknown;
  }
  if (room === 'compare') {
    const [a, b] = [query.get('a'), query.get('b')];
    if (parts.length === 1) return { page: 'compare', a, b };
    const [indexA, indexB] = [whole(query.get('ia')), whole(query.get('ib'))];
    if (id === 'item' && a !== null && b !== null && indexA !== null && indexB !== null)
      return { page: 'compare-item', a, b, indexA, indexB };
    return unknown;
  }
  if (room === 'models' && parts.length <= 2) return id === undefined ? { page: 'models' } : { page: 'model', source: id };
  if (room === 'playground' && parts.length === 1) return { page: 'playground', source: query.get('source') };
  if (room === 'data' && parts.length === 1) return { page: 'data', source: query.get('source') };
  return unknown;
}

/** The address of a page; `parseRoute` reads it back. */
export function href(route: Route): string {
  const to = (path: string, query: Readonly<Record<string, string | number | null | undefined>> = {}): string => {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query))
      if (value !== null && value !== undefined && value !== '') search.set(key, String(value));
    return `#/${path}${search.size > 0 ? `?${search}` : ''}`;
  };
  switch (route.page) {
    case 'bench':
    case 'sessions':
    case 'models':
      return to(route.page);
    case 'session':
      return to(`sessions/${encodeURIComponent(route.id)}`);
    case 'run':
      return to(`runs/${encodeURIComponent(route.id)}`, { ...route.items });
    case 'item':
      return to(`runs/${encodeURIComponent(route.id)}/items/${route.index}`, { ...route.items, at: route.at });
    case 'compare':
      return to('compare', { a: route.a, b: route.b });
    case 'compare-item':
      return to('compare/item', { a: route.a, b: route.b, ia: route.indexA, ib: route.indexB });
    case 'model':
      return to(`models/${encodeURIComponent(route.source)}`);
    case 'playground':
    case 'data':
      return to(route.page, { source: route.source });
    case 'unknown':
      return route.address;
  }
}

/** Where Escape leads. */
export function parentOf(route: Route): Route | null {
  switch (route.page) {
    case 'session':
    case 'run':
      return { page: 'sessions' };
    case 'item':
      return { page: 'run', id: route.id, items: route.items };
    case 'compare-item':
      return { page: 'compare', a: route.a, b: route.b };
    case 'model':
      return { page: 'models' };
    case 'unknown':
      return { page: 'bench' };
    default:
      return null;
  }
}

/** Two addresses of one page differ only in their query: the page stays, and keeps its scroll and focus. */
export function pageKey(route: Route): string {
  if (route.page === 'run' || route.page === 'session') return `${route.page} ${route.id}`;
  if (route.page === 'item') return `item ${route.id}`;
  return route.page === 'model' ? `model ${route.source}` : route.page;
}

function itemsQuery(query: URLSearchParams): ItemsQuery {
  const order: ItemsQuery = query.get('order') === 'surest-mistakes' ? { order: 'surest-mistakes' } : {};
  return { ...Object.fromEntries(itemKeys.flatMap((key) => (query.get(key) ? [[key, query.get(key)]] : []))), ...order };
}

function whole(text: string | null | undefined): number | null {
  return text !== null && text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
