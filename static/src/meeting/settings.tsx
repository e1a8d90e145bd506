import { CAMERA_HEIGHTS, CAMERA_RATES } from '../client';
import type { DeviceControl, Preferences, Theme } from '../client';
import { Dialog, Select } from '../design';
import { DevicePicks } from './preview';
import { SHORTCUTS } from './shortcuts';

export type SettingsProps = Readonly<{
	open: boolean;
	devices: DeviceControl;
	preferences: Preferences;
	onPreferences: (change: Partial<Preferences>) => void;
	onClose: () => void;
}>;

const THEMES: readonly { value: Theme; label: string }[] = [
	{ value: 'dark', label: 'Dark' },
	{ value: 'light', label: 'Light' },
	{ value: 'system', label: 'Like the system' },
];

/** Devices, the camera's picture, how the page looks, and its keys. */
export function SettingsDialog({ open, devices, preferences, onPreferences, onClose }: SettingsProps) {
	const { cameraHeight, cameraRate } = preferences;
	const setFormat = (height: Preferences['cameraHeight'], rate: Preferences['cameraRate']) => {
		onPreferences({ cameraHeight: height, cameraRate: rate });
		void devices.setCameraFormat(height, rate);
	};
	return (
		<Dialog open={open} title="Settings" onClose={onClose}>
			<section className="settings-section" aria-label="Devices">
				<h3>Devices</h3>
				<DevicePicks devices={devices} preferences={preferences} onPreferences={onPreferences} />
			</section>
			<section className="settings-section" aria-label="Camera picture">
				<h3>Camera picture</h3>
				<div className="settings-pair">
					<Select
						label="Largest size"
						options={CAMERA_HEIGHTS.map((height) => ({ value: String(height), label: `${Math.round((height * 16) / 9)} × ${height}` }))}
						value={String(cameraHeight)}
						onPick={(value) => setFormat(CAMERA_HEIGHTS.find((height) => String(height) === value) ?? cameraHeight, cameraRate)}
					/>
					<Select
						label="Frame rate"
						options={CAMERA_RATES.map((rate) => ({ value: String(rate), label: `${rate} per second` }))}
						value={String(cameraRate)}
						onPick={(value) => setFormat(cameraHeight, CAMERA_RATES.find((rate) => String(rate) === value) ?? cameraRate)}
					/>
				</div>
				<p className="hint quiet">A camera that offers less sends the nearest it has. Smaller pictures help on a weak connection.</p>
			</section>
			<section className="settings-section" aria-label="Appearance">
				<h3>Appearance</h3>
				<Select label="Colours" options={THEMES} value={preferences.theme} onPick={(value) => onPreferences({ theme: THEMES.find((theme) => theme.value === value)?.value ?? 'dark' })} />
			</section>
			<section className="settings-section settings-keys" aria-label="Keyboard">
				<h3>Keyboard</h3>
				<dl>
					{SHORTCUTS.map(({ command, keys, words }) => (
						<div key={command}>
							<dt>{words}</dt>
							<dd>
								<kbd>{keys}</kbd>
							</dd>
						</div>
					))}
				</dl>
			</section>
		</Dialog>
	);
}
