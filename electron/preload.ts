/**
 * All that the page sees of Electron: one function, which asks main for a port to the lab.
 * A MessagePort cannot cross contextBridge, so it reaches the page by `postMessage` with the nonce that the page chose.
 */
import { contextBridge, ipcRenderer } from 'electron';

contextBridge.exposeInMainWorld('shell', {
  connect: (nonce: unknown): void => ipcRenderer.send('connect', String(nonce)),
});

ipcRenderer.on('port', (event, nonce: unknown) => {
  window.postMessage({ type: 'lab-port', nonce }, '*', event.ports);
});
