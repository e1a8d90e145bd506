// Package fast carries a participant's media past Pion: over sockets of our
// own, many packets in one system call, sealed straight into what is sent. It
// exists on Linux only; elsewhere, and for connections it can't serve, package
// plain does the same.
//
// Pion's PeerConnection does ICE, DTLS and SDP. When its handshake is over, a
// connection is fast or plain for good: fast if it runs over UDP, agreed on
// AES-GCM and its keys could be had. Until then nothing is sent, so no packet
// is ever written by two senders under one key.
package fast
