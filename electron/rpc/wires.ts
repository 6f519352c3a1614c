/**
 * Ports over the real wires. Each takes the smallest part of its wire that it needs, so that the same few lines serve
 * the browser's MessagePort and WebSocket, Node's, and the `ws` package's.
 */
import { decode, encode } from './codec.ts';
import { Ending, type Port } from './port.ts';

/** The data of a message event. The event types of Node and of the browser have nothing else in common. */
function dataOf(event: object): unknown {
  return 'data' in event ? event.data : undefined;
}

/** A MessagePort of the browser or of node:worker_threads: structured clone. */
export interface MessagePortLike {
  postMessage(message: unknown): void;
  addEventListener(type: 'message' | 'close', listener: (event: object) => void): void;
  start(): void;
  close(): void;
}

export function overMessagePort(port: MessagePortLike): Port {
  const ending = new Ending();
  port.addEventListener('close', () => ending.end());
  return {
    post: (message) => {
      if (!ending.over) port.postMessage(message);
    },
    listen: (receive) => {
      port.addEventListener('message', (event) => receive(dataOf(event)));
      port.start();
    },
    onClose: (closed) => ending.whenOver(closed),
    close: () => {
      port.close();
      ending.end();
    },
  };
}

/** An open WebSocket, of the browser or of `ws`: text by `codec.ts`. */
export interface SocketLike {
  readonly readyState: number;
  send(text: string): void;
  addEventListener(type: 'message' | 'close' | 'open' | 'error', listener: (event: object) => void): void;
  close(): void;
}

const socketOpen = 1;

/** A message that cannot be read ends the connection: there is no telling which call it belonged to. */
export function overSocket(socket: SocketLike): Port {
  const ending = new Ending();
  socket.addEventListener('close', () => ending.end());
  // 'close' follows every 'error'; but without a listener `ws` would throw, and one bad message would end the lab.
  socket.addEventListener('error', () => undefined);
  return {
    post: (message) => {
      const text = encode(message);
      if (socket.readyState === socketOpen) socket.send(text);
    },
    listen: (receive) => {
      socket.addEventListener('message', (event) => {
        let message: unknown;
        try {
          message = decode(String(dataOf(event)));
        } catch {
          socket.close();
          return;
        }
        receive(message);
      });
    },
    onClose: (closed) => ending.whenOver(closed),
    close: () => {
      socket.close();
      ending.end();
    },
  };
}

/** @throws Error when the socket closes before it opens: nothing listens there, or it refused */
export function opened(socket: SocketLike): Promise<Port> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(overSocket(socket)));
    socket.addEventListener('close', () => reject(new Error('the connection was refused')));
    // As in `overSocket`.
    socket.addEventListener('error', () => undefined);
  });
}

/**
 * This process or a child, over Node's ipc channel: text by `codec.ts` as well. Node's own "advanced" serialization is
 * V8's, whose format has a version (15 in Node 24, already 16 in newer V8); Electron's main process and the plain Node of
 * the lab have different V8s, and the older cannot read what the newer wrote.
 */
export interface ProcessLike {
  readonly connected: boolean;
  // Node's own order of arguments; a failed send is reported to the callback and not thrown.
  send?(message: unknown, handle: undefined, options: undefined, done: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
  disconnect?(): void;
}

export function overProcess(process: ProcessLike): Port {
  const ending = new Ending();
  process.on('disconnect', () => ending.end());
  return {
    post: (message) => {
      const text = encode(message);
      if (process.connected) process.send?.(text, undefined, undefined, () => undefined);
    },
    listen: (receive) => void process.on('message', (text) => receive(decode(String(text)))),
    onClose: (closed) => ending.whenOver(closed),
    close: () => {
      if (process.connected) process.disconnect?.();
      ending.end();
    },
  };
}
