/** The built window as web Responses: one handler for Electron's protocol and for the loopback server, so both send the same headers. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pageHeaders } from './policy.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

export type Pages = (request: Request) => Promise<Response>;

/**
 * @param root folder of the built window
 * @returns a handler that answers GET and HEAD for files of known types below the root, and 404 for anything else
 */
export function pages(root: string): Pages {
  const base = path.resolve(root);
  return async (request) => {
    const file = fileOf(base, new URL(request.url).pathname);
    const type = file === null ? undefined : types[path.extname(file)];
    if (file === null || type === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return refusal(404, 'not found');
    try {
      const body = await readFile(file);
      return new Response(request.method === 'HEAD' ? null : new Uint8Array(body), { headers: { ...pageHeaders, 'content-type': type } });
    } catch {
      return refusal(404, 'not found');
    }
  };
}

/** A refusal carries the same headers as a page: it is shown under the same origin. */
export function refusal(status: 400 | 403 | 404, text: string): Response {
  return new Response(text, { status, headers: { ...pageHeaders, 'content-type': 'text/plain; charset=utf-8' } });
}

/** The file a path of a URL names, or null where it leaves the root: `..`, encoded or with the other slash, or a NUL. */
function fileOf(base: string, pathname: string): string | null {
  let wanted: string;
  try {
    wanted = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (wanted.includes('\0') || wanted.includes('\\') || wanted.includes(':')) return null;
  const file = path.join(base, wanted === '/' ? 'index.html' : wanted);
  return file.startsWith(base + path.sep) ? file : null;
}
