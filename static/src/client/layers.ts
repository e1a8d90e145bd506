import type { VideoCodec } from './protocol.gen';

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

/** How one encoding of a camera is sent in a format. */
export type Encoding = Layer & Readonly<{ maxBitrate: number; scalabilityMode: string | undefined }>;

/** What the encodings of a camera may take, smallest first, in bit/s. */
export const RATES = [150_000, 500_000, 1_700_000] as const;

/** What one stream of so many spatial layers may take, in bit/s. */
const LAYERED_RATES = [150_000, 600_000, 2_000_000] as const;

/**
 * The camera's encodings in a format. VP9 is one stream of spatial layers in
 * the first encoding: what is large enough for one viewer costs the others
 * nothing, and it takes less than three streams do. The others are simulcast,
 * and VP9 too where the browser knows no layers; VP9 and AV1 have to be told
 * their mode, or Chromium sends the first encoding alone.
 */
export function encodingsIn(codec: VideoCodec, layers: readonly Layer[], wanted: number, knowsLayers = true): readonly Encoding[] {
	if (codec === 'vp9' && knowsLayers) return layered(layers, wanted);
	const scalabilityMode = codec === 'av1' || codec === 'vp9' ? 'L1T3' : undefined;
	return wantedOf(layers, wanted).map((layer, index) => ({ ...layer, maxBitrate: RATES[index] ?? RATES[0], scalabilityMode }));
}

function layered(layers: readonly Layer[], wanted: number): readonly Encoding[] {
	const sizes = layers.filter(({ active }) => active);
	const count = Math.max(1, Math.min(wanted, sizes.length));
	const scale = sizes[count - 1]?.scaleResolutionDownBy ?? 1;
	return layers.map((layer, index) => ({
		...layer,
		active: index === 0,
		scaleResolutionDownBy: index === 0 ? scale : layer.scaleResolutionDownBy,
		maxBitrate: index === 0 ? (LAYERED_RATES[count - 1] ?? LAYERED_RATES[0]) : (RATES[index] ?? RATES[0]),
		scalabilityMode: index === 0 ? modeOf(count) : undefined,
	}));
}

function modeOf(spatial: number): string {
	return spatial === 1 ? 'L1T3' : `L${spatial}T3_KEY`;
}
