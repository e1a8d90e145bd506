package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// soon is when a certificate should have been renewed: ACME authorities' last
// 90 days, and clients renew a month before their end.
const soon = 14 * 24 * time.Hour

// lookAtTLS looks at the certificate that browsers get.
func (c *doctorCmd) lookAtTLS(context.Context) []finding {
	const check = "TLS"
	switch c.TLS {
	case "off":
		return []finding{warn(check, "Let a proxy in front do HTTPS (deploy/nginx), or use --tls auto, files or self-signed.",
			"off: browsers give camera and microphone to pages on https or localhost only")}
	case "self-signed":
		return []finding{warn(check, "Users must confirm a warning; --tls auto or files spares them that.", "self-signed: browsers don't trust it")}
	case "files":
		pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return []finding{fail(check, "Check --tls-cert and --tls-key, and that the server's user may read them.", "%v", err)}
		}
		return []finding{judgeCertificate(pair.Leaf, c.TLSHost, time.Now())}
	default:
		return c.lookAtACME()
	}
}

// lookAtACME looks at the certificates that were got so far.
func (c *doctorCmd) lookAtACME() []finding {
	const check = "TLS"
	var findings []finding
	for _, host := range c.TLSHost {
		data, err := os.ReadFile(filepath.Join(c.Data, "tls", "acme", host))
		if errors.Is(err, os.ErrNotExist) {
			findings = append(findings, warn(check, "The authority must reach this machine under that name, on port 443 or 80 (--http-redirect :80).",
				"no certificate for %s yet; it is got when the first user comes", host))
			continue
		}
		if err != nil {
			findings = append(findings, fail(check, "", "%v", err))
			continue
		}
		pair, err := tls.X509KeyPair(data, data)
		if err != nil {
			findings = append(findings, fail(check, "Remove the file; it is got anew.", "the certificate kept for %s: %v", host, err))
			continue
		}
		findings = append(findings, judgeCertificate(pair.Leaf, []string{host}, time.Now()))
	}
	return findings
}

// judgeCertificate judges when a certificate ends and which names it is for.
func judgeCertificate(leaf *x509.Certificate, hosts []string, now time.Time) finding {
	const check = "TLS"
	left := leaf.NotAfter.Sub(now)
	days := int(left.Hours() / 24)
	for _, host := range hosts {
		if err := leaf.VerifyHostname(host); err != nil {
			return fail(check, "Get a certificate for the name users open.", "the certificate is not for %s: %v", host, err)
		}
	}
	switch {
	case now.Before(leaf.NotBefore):
		return fail(check, "Check the clock of this machine.", "the certificate holds only from %s", leaf.NotBefore.Format(time.DateOnly))
	case left <= 0:
		return fail(check, "Renew it.", "the certificate ended on %s", leaf.NotAfter.Format(time.DateOnly))
	case left < soon:
		return warn(check, "Renew it; the server takes the new files without a restart.", "the certificate ends in %d days", days)
	default:
		return ok(check, "the certificate for %s holds for %d days", strings.Join(leaf.DNSNames, ", "), days)
	}
}
