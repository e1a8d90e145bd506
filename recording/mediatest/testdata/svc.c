/* Makes the VP9 streams with three spatial and three temporal layers in this
 * folder: cc svc.c -lvpx -o svc && ./svc 0 1 > l3t3.vp9 && ./svc 2 0 > l3t3_key.vp9
 * (libvpx 1.12). The arguments are libvpx's inter-layer prediction (0 always, 2 on
 * keyframes only) and error resilience. A layer frame is its size (4 bytes, little endian), a byte
 * (bits 0-2 spatial layer, 3-5 temporal layer, 7 first of a keyframe), its data. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

enum { WIDTH = 192, HEIGHT = 112, PICTURES = 72, KEY_EVERY = 24 };

static vpx_codec_ctx_t enc;
static int key_due;

static void check(int failed, const char *what) {
	if (failed) {
		fprintf(stderr, "%s: %s\n", what, vpx_codec_error(&enc));
		exit(1);
	}
}

static void layer(vpx_codec_cx_pkt_t *pkt, void *user) {
	(void)user;
	if (pkt->kind != VPX_CODEC_CX_FRAME_PKT) return;
	vpx_svc_layer_id_t id;
	memset(&id, 0, sizeof id);
	check(vpx_codec_control(&enc, VP9E_GET_SVC_LAYER_ID, &id), "layer id");
	uint32_t n = pkt->data.frame.sz;
	uint8_t head[5] = {n, n >> 8, n >> 16, n >> 24, id.spatial_layer_id | id.temporal_layer_id << 3};
	if (key_due && id.spatial_layer_id == 0) head[4] |= 0x80;
	fwrite(head, 1, sizeof head, stdout);
	fwrite(pkt->data.frame.buf, 1, n, stdout);
}

int main(int argc, char **argv) {
	vpx_codec_enc_cfg_t cfg;
	check(vpx_codec_enc_config_default(vpx_codec_vp9_cx(), &cfg, 0), "config");
	cfg.g_w = WIDTH, cfg.g_h = HEIGHT, cfg.g_timebase.num = 1, cfg.g_timebase.den = 25;
	cfg.g_pass = VPX_RC_ONE_PASS, cfg.g_lag_in_frames = 0, cfg.rc_end_usage = VPX_CBR;
	cfg.g_error_resilient = argc > 2 ? atoi(argv[2]) : 0;
	cfg.kf_mode = VPX_KF_DISABLED, cfg.g_threads = 1, cfg.rc_dropframe_thresh = 0;
	cfg.rc_min_quantizer = 2, cfg.rc_max_quantizer = 60;
	cfg.ss_number_layers = 3, cfg.ts_number_layers = 3;
	cfg.temporal_layering_mode = VP9E_TEMPORAL_LAYERING_MODE_0212;
	cfg.rc_target_bitrate = 0;
	for (int s = 0; s < 3; s++) {
		const int rate[] = {20, 45, 90};
		for (int t = 0; t < 3; t++) cfg.layer_target_bitrate[s * 3 + t] = rate[s] * (2 + t) / 4;
		cfg.ss_target_bitrate[s] = rate[s], cfg.rc_target_bitrate += rate[s];
	}
	for (int t = 0; t < 3; t++) cfg.ts_rate_decimator[t] = 4 >> t;
	check(vpx_codec_enc_init(&enc, vpx_codec_vp9_cx(), &cfg, 0), "init");
	vpx_svc_extra_cfg_t svc;
	memset(&svc, 0, sizeof svc);
	for (int s = 0; s < 3; s++) {
		svc.scaling_factor_num[s] = 1, svc.scaling_factor_den[s] = 4 >> s;
	}
	for (int i = 0; i < VPX_MAX_LAYERS; i++) svc.max_quantizers[i] = 60, svc.min_quantizers[i] = 2;
	check(vpx_codec_control(&enc, VP8E_SET_CPUUSED, 7), "speed");
	check(vpx_codec_control(&enc, VP9E_SET_SVC, 1), "svc");
	check(vpx_codec_control(&enc, VP9E_SET_SVC_PARAMETERS, &svc), "svc parameters");
	check(vpx_codec_control(&enc, VP9E_SET_SVC_INTER_LAYER_PRED, argc > 1 ? atoi(argv[1]) : 0), "prediction");
	vpx_codec_priv_output_cx_pkt_cb_pair_t cb = {layer, NULL};
	check(vpx_codec_control(&enc, VP9E_REGISTER_CX_CALLBACK, &cb), "callback");
	vpx_image_t *img = vpx_img_alloc(NULL, VPX_IMG_FMT_I420, WIDTH, HEIGHT, 1);
	for (int n = 0; n < PICTURES; n++) {
		for (int y = 0; y < HEIGHT; y++)
			for (int x = 0; x < WIDTH; x++)
				img->planes[0][y * img->stride[0] + x] = (x * 2 + y + n * 5 + ((x / 16 + n / 3) ^ (y / 16)) * 9) & 0xFF;
		for (int p = 1; p < 3; p++)
			for (int y = 0; y < HEIGHT / 2; y++) memset(img->planes[p] + y * img->stride[p], 100 + p * 10 + n, WIDTH / 2);
		key_due = n % KEY_EVERY == 0;
		check(vpx_codec_encode(&enc, img, n, 1, key_due ? VPX_EFLAG_FORCE_KF : 0, VPX_DL_REALTIME), "encode");
		vpx_codec_iter_t it = NULL;
		while (vpx_codec_get_cx_data(&enc, &it)) {}
	}
	return vpx_codec_destroy(&enc);
}
