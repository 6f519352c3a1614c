/** Electron's main process: hands Electron to the shell. Nothing native is loaded here, see `lab-process.ts`. */
import { app, BrowserWindow, ipcMain, Menu, MessageChannelMain, protocol, session } from 'electron/main';
import { startLabHost } from './lab-host.ts';
import { pages } from './pages.ts';
import { places } from './places.ts';
import { startShell } from './shell.ts';
import { spawnLab } from './spawn-lab.ts';

const { preload, window, node, labProcess } = places(import.meta.dirname, app.isPackaged ? process.resourcesPath : null, process.platform);

startShell(
  { app, BrowserWindow, ipcMain, Menu, MessageChannelMain, protocol, session },
  { preload, page: pages(window), startLab: () => startLabHost({ start: () => spawnLab(node, labProcess) }) },
);
