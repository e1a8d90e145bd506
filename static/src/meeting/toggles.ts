import type { DeviceControl } from '../client';

/** Mutes the microphone, or unmutes it, opening it if need be. */
export function toggleMicrophone(devices: DeviceControl): void {
	const { microphone } = devices.state.get();
	if (microphone.kind === 'starting' || (microphone.kind === 'on' && !microphone.muted)) devices.mute();
	else void devices.unmute();
}

/** Turns the camera off, or on. */
export function toggleCamera(devices: DeviceControl): void {
	const { camera } = devices.state.get();
	if (camera.kind === 'starting' || camera.kind === 'on') devices.turnCameraOff();
	else void devices.turnCameraOn();
}
