/** The real lab behind the loopback server, with the database that is named: what a whole-program test talks to. */
import { serveBrowser } from '../electron/serve-browser.ts';

const [database, port] = process.argv.slice(2);
await serveBrowser({
  database,
  port: port === undefined ? undefined : Number(port),
  ready: (url) => process.stdout.write(`${url}\n`),
});
process.exit();
