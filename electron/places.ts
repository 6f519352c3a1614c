/** Where main finds its parts: in a checkout, and in a packaged app. */
import path from 'node:path';

export interface Places {
  readonly preload: string;
  readonly window: string;
  /** The plain Node binary that the lab runs under. */
  readonly node: string;
  readonly labProcess: string;
}

/**
 * @param here folder of the built main (`dist/electron`)
 * @param resources the packaged app's resources folder, or null in a checkout
 *
 * A packaged app has the pages in its archive and the lab beside it, as sources: the bundled Node 24 runs TypeScript as it
 * stands, and native modules cannot be loaded from an archive. See `build.extraResources` in package.json.
 */
export function places(here: string, resources: string | null, platform: NodeJS.Platform): Places {
  const project = resources === null ? path.join(here, '../..') : path.join(resources, 'lab');
  const binary = platform === 'win32' ? 'node.exe' : 'node';
  return {
    preload: path.join(here, 'preload.cjs'),
    window: path.join(here, '../renderer'),
    node: resources === null ? path.join(project, 'node_modules/node/bin', binary) : path.join(resources, 'node', binary),
    labProcess: path.join(project, 'electron/lab-process.ts'),
  };
}
