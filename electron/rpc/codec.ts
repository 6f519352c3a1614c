/**
 * Text for the wires that carry only text. JSON would turn NaN and -Infinity into null, drop undefined and write a
 * Float32Array as an object; in a lab where "not scored" and "zero" must never be confused that is a wrong result.
 * devalue keeps all of them, so that a WebSocket and a child process carry what a MessagePort carries.
 */
import { parse, stringify } from 'devalue';

/** @throws Error when the message holds what no wire can carry, such as a function */
export function encode(message: unknown): string {
  return stringify(message);
}

/** @throws Error when the text was not written by `encode` */
export function decode(text: string): unknown {
  return parse(text) as unknown;
}
