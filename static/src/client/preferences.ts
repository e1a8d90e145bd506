/** What the page remembers for the next meeting. */
export type Preferences = Readonly<{
	name: string;
	microphoneId: string;
	cameraId: string;
	speakerId: string;
	microphoneOn: boolean;
	cameraOn: boolean;
	/** Height of the camera's picture in lines. */
	cameraHeight: CameraHeight;
	/** Frames per second of the camera. */
	cameraRate: CameraRate;
	theme: Theme;
	layout: Layout;
	selfView: SelfView;
	/** Where the viewer's own picture stands when it is in a corner. */
	corner: Corner;
	/** Height in lines and frames per second that the camera should have at least; 0 for none. */
	cameraMinHeight: CameraHeight | 0;
	cameraMinRate: CameraRate | 0;
	echoCancellation: boolean;
	noiseSuppression: boolean;
	autoGainControl: boolean;
	/** The language of the page, as a BCP 47 tag; empty for the browser's. */
	language: string;
}>;

/** How the stage is laid out: by itself, everybody alike, or one large. */
export const LAYOUTS = ['auto', 'grid', 'speaker'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Where viewers see themselves: among the others, in a corner, or nowhere. */
export const SELF_VIEWS = ['tile', 'corner', 'hidden'] as const;
export type SelfView = (typeof SELF_VIEWS)[number];

/** A corner of the stage; start and end follow the direction of the text. */
export const CORNERS = ['top-start', 'top-end', 'bottom-start', 'bottom-end'] as const;
export type Corner = (typeof CORNERS)[number];

export type Theme = 'dark' | 'light' | 'system';

/** The camera heights that the settings offer. */
export const CAMERA_HEIGHTS = [360, 720, 1080] as const;
export type CameraHeight = (typeof CAMERA_HEIGHTS)[number];

/** The camera rates that the settings offer. */
export const CAMERA_RATES = [15, 24, 30, 60] as const;
export type CameraRate = (typeof CAMERA_RATES)[number];

/** What a page starts with that remembers nothing. */
export const DEFAULT_PREFERENCES: Preferences = {
	name: '',
	microphoneId: '',
	cameraId: '',
	speakerId: '',
	microphoneOn: true,
	cameraOn: true,
	cameraHeight: 720,
	cameraRate: 30,
	theme: 'dark',
	layout: 'auto',
	selfView: 'tile',
	corner: 'bottom-end',
	cameraMinHeight: 0,
	cameraMinRate: 0,
	echoCancellation: true,
	noiseSuppression: true,
	autoGainControl: true,
	language: '',
};

const KEY = 'plenum.preferences';

/** Where preferences live: localStorage, or nothing in a browser that forbids it. */
export type PreferenceStore = Pick<Storage, 'getItem' | 'setItem'>;

/** Reads what is remembered; what is missing, broken or from another version becomes its default. */
export function loadPreferences(store: PreferenceStore | undefined): Preferences {
	try {
		const value: unknown = JSON.parse(store?.getItem(KEY) ?? '{}');
		return typeof value === 'object' && value !== null ? merge(value as Record<string, unknown>) : DEFAULT_PREFERENCES;
	} catch {
		return DEFAULT_PREFERENCES;
	}
}

/** Remembers preferences, if the browser lets us. */
export function savePreferences(store: PreferenceStore | undefined, preferences: Preferences): void {
	try {
		store?.setItem(KEY, JSON.stringify(preferences));
	} catch {
		// A full or forbidden store costs the viewer one choice next time, nothing now.
	}
}

/** The browser's store, or undefined where even asking for it throws (blocked cookies). */
export function browserStore(kind: 'localStorage' | 'sessionStorage'): Storage | undefined {
	try {
		return window[kind];
	} catch {
		return undefined;
	}
}

function merge(value: Record<string, unknown>): Preferences {
	const base = DEFAULT_PREFERENCES;
	const text = (key: 'name' | 'microphoneId' | 'cameraId' | 'speakerId' | 'language') => {
		const field = value[key];
		return typeof field === 'string' ? field : base[key];
	};
	const flag = (key: 'microphoneOn' | 'cameraOn' | 'echoCancellation' | 'noiseSuppression' | 'autoGainControl') => {
		const field = value[key];
		return typeof field === 'boolean' ? field : base[key];
	};
	return {
		name: text('name').slice(0, 64),
		microphoneId: text('microphoneId'),
		cameraId: text('cameraId'),
		speakerId: text('speakerId'),
		microphoneOn: flag('microphoneOn'),
		cameraOn: flag('cameraOn'),
		cameraHeight: CAMERA_HEIGHTS.find((height) => height === value['cameraHeight']) ?? base.cameraHeight,
		cameraRate: CAMERA_RATES.find((rate) => rate === value['cameraRate']) ?? base.cameraRate,
		theme: (['dark', 'light', 'system'] as const).find((theme) => theme === value['theme']) ?? base.theme,
		layout: LAYOUTS.find((layout) => layout === value['layout']) ?? base.layout,
		selfView: SELF_VIEWS.find((view) => view === value['selfView']) ?? base.selfView,
		corner: CORNERS.find((corner) => corner === value['corner']) ?? base.corner,
		cameraMinHeight: CAMERA_HEIGHTS.find((height) => height === value['cameraMinHeight']) ?? base.cameraMinHeight,
		cameraMinRate: CAMERA_RATES.find((rate) => rate === value['cameraMinRate']) ?? base.cameraMinRate,
		echoCancellation: flag('echoCancellation'),
		noiseSuppression: flag('noiseSuppression'),
		autoGainControl: flag('autoGainControl'),
		language: text('language'),
	};
}
