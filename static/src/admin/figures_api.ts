import { get, seg } from './http';
import { amount, instant, list, object, optional } from './shape';

/** How much went on until a moment. cpu is -1 for who may not know. */
export type Figure = Readonly<{ at: number; rooms: number; people: number; bitrate: number; loss: number; cpu: number }>;

/** How much went on lately, oldest first, and how far two figures are apart in seconds. */
export type Figures = Readonly<{ every_seconds: number; figures: readonly Figure[] }>;

const figures = object<Figures>({
	every_seconds: amount,
	figures: list(object<Figure>({ at: instant, rooms: optional(amount, 0), people: amount, bitrate: amount, loss: amount, cpu: optional(amount, -1) })),
});

/** How much went on lately on the whole server; for admins. */
export function serverFigures(signal: AbortSignal): Promise<Figures> {
	return get('/figures', figures, signal);
}

/** How much went on lately in a room. */
export function roomFigures(id: string, signal: AbortSignal): Promise<Figures> {
	return get(`/rooms/${seg(id)}/figures`, figures, signal);
}
