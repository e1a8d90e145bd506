/** How one simulcast encoding of the camera is sent. */
export type Layer = Readonly<{ active: boolean; scaleResolutionDownBy: number }>;

/** The shortest side, in pixels, from which a picture is worth three layers, and two. */
const THREE_FROM = 540;
const TWO_FROM = 270;

/**
 * How the camera's three encodings, smallest first, are best used for a picture
 * whose shorter side has so many pixels. Chromium sends no more than one layer
 * below 270 and two below 540 and drops the last ones, which would be the
 * sharpest: so the sharp one moves down instead.
 */
export function cameraLayers(side: number): readonly Layer[] {
	const off: Layer = { active: false, scaleResolutionDownBy: 1 };
	const whole: Layer = { active: true, scaleResolutionDownBy: 1 };
	if (side >= THREE_FROM) return [{ active: true, scaleResolutionDownBy: 4 }, { active: true, scaleResolutionDownBy: 2 }, whole];
	if (side >= TWO_FROM) return [{ active: true, scaleResolutionDownBy: 2 }, whole, off];
	return [whole, off, off];
}

/** The layers of which only so many, from the smallest, are wanted by anybody. */
export function wantedOf(layers: readonly Layer[], wanted: number): readonly Layer[] {
	return layers.map((layer, index) => ({ ...layer, active: layer.active && index < wanted }));
}
