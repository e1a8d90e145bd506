import { useEffect, useState } from 'react';
import { CAMERA_HEIGHTS, CAMERA_RATES } from '../client';
import type { CameraControl, DeviceControl, Preferences, Theme } from '../client';
import { Dialog, Select, Slider, Switch } from '../design';
import { LANGUAGE_NAMES, LANGUAGES, useWords } from '../words';
import { ConnectionSection } from './connection-check';
import { ConsentSection } from './consent';
import type { Consent } from './consent';
import { useStore } from './hooks';
import { KeyList } from './keys';
import { DevicePicks } from './preview';

export type SettingsProps = Readonly<{
	open: boolean;
	devices: DeviceControl;
	preferences: Preferences;
	onPreferences: (change: Partial<Preferences>) => void;
	/** The room whose server is tried. */
	room: string;
	/** Inside a meeting: the answer to being recorded. */
	consent?: Consent;
	onClose: () => void;
}>;

const THEMES: readonly Theme[] = ['dark', 'light', 'system'];

const TREATMENTS = ['noiseSuppression', 'echoCancellation', 'autoGainControl'] as const;

/** Devices, the camera's picture, how the voice is treated, how the page looks, and its keys. */
export function SettingsDialog({ open, devices, preferences, onPreferences, room, consent, onClose }: SettingsProps) {
	const t = useWords();
	return (
		<Dialog open={open} title={t('settings.title')} onClose={onClose}>
			<section className="settings-section" aria-label={t('settings.devices')}>
				<h3>{t('settings.devices')}</h3>
				<DevicePicks devices={devices} preferences={preferences} onPreferences={onPreferences} />
			</section>
			<section className="settings-section" aria-label={t('settings.sound')}>
				<h3>{t('settings.sound')}</h3>
				{TREATMENTS.map((name) => (
					<Switch key={name} label={t(`settings.${name}`)} on={preferences[name]} onChange={(on) => onPreferences({ [name]: on })} />
				))}
			</section>
			<CameraSection devices={devices} preferences={preferences} onPreferences={onPreferences} />
			<section className="settings-section" aria-label={t('settings.appearance')}>
				<h3>{t('settings.appearance')}</h3>
				<div className="settings-pair">
					<Select
						label={t('settings.colours')}
						options={THEMES.map((theme) => ({ value: theme, label: t(`settings.${theme}`) }))}
						value={preferences.theme}
						onPick={(value) => onPreferences({ theme: THEMES.find((theme) => theme === value) ?? 'dark' })}
					/>
					<Select
						label={t('settings.language')}
						options={[{ value: '', label: t('settings.languageAuto') }, ...LANGUAGES.map((language) => ({ value: language, label: LANGUAGE_NAMES[language] }))]}
						value={preferences.language}
						onPick={(language) => onPreferences({ language })}
					/>
				</div>
			</section>
			{consent === undefined ? null : <ConsentSection consent={consent} />}
			{open ? <ConnectionSection room={room} /> : null}
			<section className="settings-section settings-keys" aria-label={t('settings.keyboard')}>
				<h3>{t('settings.keyboard')}</h3>
				<KeyList />
			</section>
		</Dialog>
	);
}

type SectionProps = Pick<SettingsProps, 'devices' | 'preferences' | 'onPreferences'>;

/** Size and rate of the picture, and what the camera itself offers. */
function CameraSection({ devices, preferences, onPreferences }: SectionProps) {
	const t = useWords();
	const { cameraHeight, cameraRate, cameraMinHeight, cameraMinRate } = preferences;
	const size = (height: number) => ({ value: String(height), label: `${Math.round((height * 16) / 9)} × ${height}` });
	const rate = (frames: number) => ({ value: String(frames), label: t('settings.perSecond', { rate: frames }) });
	const none = { value: '0', label: t('settings.noLimit') };
	return (
		<section className="settings-section" aria-label={t('settings.picture')}>
			<h3>{t('settings.picture')}</h3>
			<div className="settings-pair">
				<Select label={t('settings.size')} options={CAMERA_HEIGHTS.map(size)} value={String(cameraHeight)} onPick={(value) => onPreferences({ cameraHeight: CAMERA_HEIGHTS.find((height) => String(height) === value) ?? cameraHeight })} />
				<Select label={t('settings.rate')} options={CAMERA_RATES.map(rate)} value={String(cameraRate)} onPick={(value) => onPreferences({ cameraRate: CAMERA_RATES.find((frames) => String(frames) === value) ?? cameraRate })} />
				<Select label={t('settings.minSize')} options={[none, ...CAMERA_HEIGHTS.map(size)]} value={String(cameraMinHeight)} onPick={(value) => onPreferences({ cameraMinHeight: CAMERA_HEIGHTS.find((height) => String(height) === value) ?? 0 })} />
				<Select label={t('settings.minRate')} options={[none, ...CAMERA_RATES.map(rate)]} value={String(cameraMinRate)} onPick={(value) => onPreferences({ cameraMinRate: CAMERA_RATES.find((frames) => String(frames) === value) ?? 0 })} />
			</div>
			<CameraControls devices={devices} />
			<p className="hint quiet">{t('settings.pictureHint')}</p>
		</section>
	);
}

/** What the open camera lets itself be turned. */
function CameraControls({ devices }: Pick<SettingsProps, 'devices'>) {
	const t = useWords();
	const { camera } = useStore(devices.state);
	const track = camera.kind === 'on' ? camera.track : undefined;
	const [controls, setControls] = useState<readonly CameraControl[]>([]);
	useEffect(() => setControls(devices.cameraControls()), [devices, track]);
	const turn = (control: CameraControl, value: number | boolean) => {
		const shown = (now: CameraControl): CameraControl => (now.name !== control.name ? now : now.kind === 'range' ? { ...now, value: Number(value) } : { ...now, on: value === true });
		setControls((old) => old.map(shown));
		devices.turnControl(control.name, value).catch(() => setControls(devices.cameraControls())); // refused: show what it is
	};
	return controls.map((control) =>
		control.kind === 'switch' ? (
			<Switch key={control.name} label={t(`camera.${control.name}`)} on={control.on} onChange={(on) => turn(control, on)} />
		) : (
			<Slider key={control.name} label={t(`camera.${control.name}`)} min={control.min} max={control.max} step={control.step} value={control.value} onChange={(value) => turn(control, value)} />
		),
	);
}
