/** Short messages at the foot of the window, with at most one thing to do about them. */

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly action: { readonly title: string; readonly run: () => void } | null;
}

class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #next = 1;

  /** Stays long enough to be read and acted upon; a pointer or focus on it does not stop the clock, the page of what was deleted keeps its undo. */
  show(text: string, action: Toast['action'] = null, milliseconds = action === null ? 6_000 : 20_000): void {
    const id = this.#next++;
    this.list = [...this.list.slice(-2), { id, text, action }];
    setTimeout(() => this.dismiss(id), milliseconds);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
