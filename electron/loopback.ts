/**
 * The lab in a browser: the same page, headers and calls as under Electron, served to this computer alone.
 *
 * A page of the web can make a browser send requests to 127.0.0.1, and so can any program of any user of this computer.
 * Therefore every path begins with a random token; nothing at all is answered without it. It stands in the path and not
 * in a cookie, because browsers send a cookie of one port of 127.0.0.1 to all its ports. The page's relative links and
 * its socket find it in the address by themselves, and so does a reload. Host is checked against DNS rebinding, Origin
 * against other pages.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { LabError, reportOf } from '../probes/lab-error.ts';
import { pages, refusal, type Pages } from './pages.ts';
import type { ClosingMessage, Port } from './rpc/port.ts';
import { serve, type Served } from './rpc/serve.ts';
import { overSocket } from './rpc/wires.ts';

export interface Loopback {
  /** The address to open, with the token. */
  readonly url: string;
  /** Tells every window, ends all connections and frees the port. The lab itself stays open. */
  close(): Promise<void>;
}

export interface LoopbackOptions {
  readonly lab: Served;
  /** A free one is chosen when absent. */
  readonly port?: number | undefined;
  /** Folder of the built window. */
  readonly pagesRoot: string;
}

const host = '127.0.0.1';
/** Inputs are small (the longest, a session's notes, has a bound of its own in `rpc/inputs.ts`). */
const longestMessage = 4 * 2 ** 20;

/** @throws LabError `usage` when the port is taken or may not be used */
export async function serveLoopback(options: LoopbackOptions): Promise<Loopback> {
  const token = randomBytes(32).toString('base64url');
  const page = pages(options.pagesRoot);
  const server = createServer();
  const port = await listening(server, options.port ?? 0);
  const origin = `http://${host}:${port}`;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: longestMessage, perMessageDeflate: false });

  const windows = new Set<Port>();

  function adopt(port: Port): void {
    windows.add(port);
    port.onClose(() => windows.delete(port));
    serve(port, options.lab);
  }

  server.on('request', (request, response) => {
    void respond(allowed(request, origin, token), page, origin, request, response);
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    // A page always names its origin when it opens a socket, so one that names none is not ours.
    if (allowed(request, origin, token) !== '/rpc' || request.headers.origin !== origin) refuse(socket);
    else sockets.handleUpgrade(request, socket, head, (opened) => adopt(overSocket(opened)));
  });

  return {
    url: `${origin}/${token}/`,
    close: async () => {
      const closing: ClosingMessage = {
        type: 'closing',
        error: { code: 'failed', message: 'the lab was stopped', advice: 'Start it again, and open the address that it prints.' },
      };
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const window of windows) window.post(closing);
      const left = [...sockets.clients].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of sockets.clients) socket.close(1001);
      await Promise.race([Promise.all(left), pause(500)]);
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await ended;
    },
  };
}

/** @returns the path behind the token, or null where the request must be refused */
function allowed(request: IncomingMessage, origin: string, token: string): string | null {
  const from = request.headers.origin;
  if (request.headers.host !== new URL(origin).host || (from !== undefined && from !== origin)) return null;
  const [, given = '', rest] = /^\/([^/?#]*)(\/[^?#]*)/.exec(request.url ?? '') ?? [];
  return rest !== undefined && same(given, token) ? rest : null;
}

/** Compares in a time that does not depend on where two texts differ. */
function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

async function respond(
  pathname: string | null,
  page: Pages,
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let answer: Response;
  try {
    const wrong = "This address is not the lab's. Open the one that it printed, token included.";
    answer =
      pathname === null
        ? refusal(403, wrong)
        : await page(new Request(new URL(`.${pathname}`, `${origin}/`), { method: request.method ?? 'GET' }));
  } catch {
    // A method or an address that no Request can be made of, such as TRACE.
    answer = refusal(400, 'This is no request that the lab answers.');
  }
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}

function refuse(socket: Duplex): void {
  socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new LabError(
          'usage',
          `port ${port} cannot be used: ${reportOf(error).message}`,
          'Choose another with --port, or leave it out for a free one.',
          { cause: error },
        ),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref());
}
