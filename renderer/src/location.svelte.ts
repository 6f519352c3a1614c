/** The page that the address bar names, as reactive state. */
import { href, parseRoute, type Route } from './router.ts';

class Place {
  route = $state.raw<Route>(parseRoute(location.hash));

  constructor() {
    window.addEventListener('hashchange', () => (this.route = parseRoute(location.hash)));
  }

  go(route: Route): void {
    location.hash = href(route);
  }

  /** Changes the address in place, for filters: the way back stays one step. */
  replace(route: Route): void {
    history.replaceState(history.state, '', href(route));
    this.route = route;
  }
}

export const place = new Place();
