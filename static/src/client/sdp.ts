/**
 * Returns an offer in which lost sound is asked for again like lost pictures
 * (RFC 4585 section 6.2.1). Browsers can, but do not offer it by themselves.
 */
export function withAudioNack(offer: string): string {
	return offer
		.split(/^(?=m=)/m)
		.map((section) => {
			const opus = section.startsWith('m=audio') ? /^a=rtpmap:(\d+) opus\/48000\/2\r?$/im.exec(section)?.[1] : undefined;
			if (opus === undefined || new RegExp(`^a=rtcp-fb:${opus} nack\\r?$`, 'm').test(section)) return section;
			return section.replace(new RegExp(`^a=rtpmap:${opus} .*$`, 'm'), `$&\r\na=rtcp-fb:${opus} nack`);
		})
		.join('');
}

/**
 * Returns an offer by which the browser says reference times (RFC 3611 section
 * 4.4) with its reports on pictures. A page that publishes nothing learns the
 * round trip from the answers; without, Chromium takes it for 100 ms and asks
 * for lost packets no more often.
 */
export function withReferenceTimes(offer: string): string {
	return offer
		.split(/^(?=m=)/m)
		.map((section) => {
			if (!section.startsWith('m=video')) return section;
			return section.replace(/^a=rtpmap:(\d+) (?:VP8|VP9|H264|AV1)\/90000\r?$/gim, (line: string, type: string) =>
				new RegExp(`^a=rtcp-fb:${type} rrtr\\r?$`, 'm').test(section) ? line : `${line.trimEnd()}\r\na=rtcp-fb:${type} rrtr${line.endsWith('\r') ? '\r' : ''}`);
		})
		.join('');
}
