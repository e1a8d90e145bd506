/** Something that a camera lets the page turn, with its bounds. */
export type CameraControl = Readonly<{ kind: 'range'; name: ControlName; min: number; max: number; step: number; value: number } | { kind: 'switch'; name: 'backgroundBlur' | 'faceFraming'; on: boolean }>;

/** The numeric controls of the Media Capture and Image Capture specifications that people know. */
export const CONTROL_NAMES = ['zoom', 'brightness', 'contrast', 'saturation', 'sharpness', 'colorTemperature', 'exposureCompensation', 'focusDistance', 'pan', 'tilt'] as const;
export type ControlName = (typeof CONTROL_NAMES)[number];

const SWITCHES = ['backgroundBlur', 'faceFraming'] as const;

/** What a camera offers, from getCapabilities and getSettings of its track. A range of one value is no choice. Pure. */
export function controlsOf(capabilities: unknown, settings: unknown): readonly CameraControl[] {
	const [able, now] = [fields(capabilities), fields(settings)];
	const ranges = CONTROL_NAMES.flatMap((name): CameraControl[] => {
		const { min, max, step } = fields(able[name]);
		const value = now[name];
		if (typeof min !== 'number' || typeof max !== 'number' || !(max > min)) return [];
		return [{ kind: 'range', name, min, max, step: typeof step === 'number' && step > 0 ? step : (max - min) / 100, value: typeof value === 'number' ? value : min }];
	});
	const switches = SWITCHES.flatMap((name): CameraControl[] => {
		const offered = able[name];
		return Array.isArray(offered) && offered.includes(true) && offered.includes(false) ? [{ kind: 'switch', name, on: now[name] === true }] : [];
	});
	return [...switches, ...ranges];
}

/** The constraints that turn one control. Focus and colour need their automatic off first. */
export function constraintsFor(name: CameraControl['name'], value: number | boolean): MediaTrackConstraints {
	const manual = ({ focusDistance: { focusMode: 'manual' }, colorTemperature: { whiteBalanceMode: 'manual' } } as Readonly<Record<string, object>>)[name] ?? {};
	return { advanced: [{ ...manual, [name]: value }] };
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
