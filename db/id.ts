import { randomBytes } from 'node:crypto';

/** Short enough to type, unlikely enough to meet: 48 random bits. */
export function newId(): string {
  return BigInt(`0x${randomBytes(6).toString('hex')}`)
    .toString(36)
    .padStart(10, '0');
}
