import { createContext, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import type { ComponentPropsWithRef, MouseEvent, ReactNode } from 'react';
import { hrefOf, parseRoute } from './route';
import type { Route } from './route';

type Router = Readonly<{ route: Route; go: (route: Route, replace?: boolean) => void }>;

const RouterContext = createContext<Router>({ route: { page: 'unknown' }, go: () => undefined });

/** Keeps the route in step with the address bar. */
export function RouterProvider({ children }: { children: ReactNode }) {
	const [route, setRoute] = useState(() => parseRoute(location.pathname, location.search));
	useEffect(() => {
		const heard = new AbortController();
		window.addEventListener('popstate', () => setRoute(parseRoute(location.pathname, location.search)), { signal: heard.signal });
		return () => heard.abort();
	}, []);
	const go = useCallback((to: Route, replace = false) => {
		if (replace) history.replaceState(null, '', hrefOf(to));
		else history.pushState(null, '', hrefOf(to));
		setRoute(to);
		if (!replace) window.scrollTo(0, 0);
	}, []);
	const router = useMemo(() => ({ route, go }), [route, go]);
	return <RouterContext value={router}>{children}</RouterContext>;
}

/** Where the viewer is, and how to go elsewhere. */
export function useRouter(): Router {
	return useContext(RouterContext);
}

/** A link within the admin pages. It opens a new tab when asked to, like any other. */
export function Link({ to, onClick, ...rest }: { to: Route } & Omit<ComponentPropsWithRef<'a'>, 'href'>) {
	const { go } = useRouter();
	const clicked = (event: MouseEvent<HTMLAnchorElement>) => {
		onClick?.(event);
		if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
		event.preventDefault();
		go(to);
	};
	return <a {...rest} href={hrefOf(to)} onClick={clicked} />;
}
