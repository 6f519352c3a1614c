/**
 * A Vulkan driver without a graphics card, for tests of WebGPU: Chromium brings SwiftShader along, as Debian packages it with a
 * description that Vulkan's loader understands, and the loader itself beside it.
 */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';

/** Where Debian and its kin keep the program that /usr/bin/chromium, a script, starts. */
const folders = ['/usr/lib/chromium', '/usr/lib/chromium-browser'];

/**
 * What to add to a child process's environment; null where no SwiftShader is found. The loader looks at it when the process starts,
 * so that nothing can be changed in a process that runs.
 */
export function swiftshader(): Readonly<Record<string, string>> | null {
  const chromium = process.env['CANDOR_CHROMIUM'];
  const beside = chromium !== undefined && existsSync(chromium) ? [path.dirname(realpathSync(chromium))] : [];
  const folder = [...beside, ...folders].find(
    (candidate) => existsSync(path.join(candidate, 'vk_swiftshader_icd.json')) && existsSync(path.join(candidate, 'libvulkan.so.1')),
  );
  if (folder === undefined) return null;
  return { VK_ICD_FILENAMES: path.join(folder, 'vk_swiftshader_icd.json'), LD_LIBRARY_PATH: folder };
}
