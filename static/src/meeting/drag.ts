import { useEffect } from 'react';
import type { RefObject } from 'react';
import type { Corner } from '../client';
import { nearestCorner } from './layout';

/** Lets a tile be dragged; it goes to the corner nearest to where it is let go. The keyboard has the tile's menu. */
export function useDrag(ref: RefObject<HTMLElement | null>, active: boolean, onCorner: (corner: Corner) => void): void {
	useEffect(() => {
		const tile = ref.current;
		const stage = tile?.parentElement;
		if (!active || tile === null || stage === null || stage === undefined) return;
		const ended = new AbortController();
		const { signal } = ended;
		let from: { x: number; y: number } | undefined;
		const pressed = (event: PointerEvent) => {
			if (event.button !== 0 || (event.target instanceof Element && event.target.closest('button, [popover]') !== null)) return;
			from = { x: event.clientX, y: event.clientY };
			tile.setPointerCapture(event.pointerId);
			tile.dataset['dragged'] = 'true';
		};
		const moved = (event: PointerEvent) => {
			if (from !== undefined) tile.style.translate = `${event.clientX - from.x}px ${event.clientY - from.y}px`;
		};
		const letGo = () => {
			if (from === undefined) return;
			from = undefined;
			const { left, top, width, height } = stage.getBoundingClientRect();
			const at = tile.getBoundingClientRect();
			const x = at.left + at.width / 2 - left;
			const backward = getComputedStyle(stage).direction === 'rtl';
			delete tile.dataset['dragged'];
			tile.style.translate = '';
			onCorner(nearestCorner({ width, height }, backward ? width - x : x, at.top + at.height / 2 - top));
		};
		tile.addEventListener('pointerdown', pressed, { signal });
		tile.addEventListener('pointermove', moved, { signal });
		tile.addEventListener('pointerup', letGo, { signal });
		tile.addEventListener('pointercancel', letGo, { signal });
		return () => ended.abort();
	}, [ref, active, onCorner]);
}
