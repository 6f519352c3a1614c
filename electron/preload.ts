/**
 * All that the page sees of Electron: two functions. One asks main for a port to the lab; the other says where something lies that the
 * user dropped on the window, which a page cannot know by itself.
 * A MessagePort cannot cross contextBridge, so it reaches the page by `postMessage` with the nonce that the page chose.
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron';

contextBridge.exposeInMainWorld('shell', {
  connect: (nonce: unknown): void => ipcRenderer.send('connect', String(nonce)),
  pathOf: (file: File): string => webUtils.getPathForFile(file),
});

ipcRenderer.on('port', (event, nonce: unknown) => {
  window.postMessage({ type: 'lab-port', nonce }, '*', event.ports);
});
