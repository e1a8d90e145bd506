package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"plenum/cmd/plenum/cert"
)

// tlsFlags say how the server speaks HTTPS itself.
type tlsFlags struct {
	TLS           string   `help:"HTTPS: off, self-signed (made here), auto (from an ACME authority), or files." enum:"off,self-signed,auto,files" default:"off" name:"tls"`
	TLSCert       string   `help:"PEM file of the certificate and its chain, read again when it changes." name:"tls-cert" type:"path" placeholder:"FILE"`
	TLSKey        string   `help:"PEM file of the certificate's key." name:"tls-key" type:"path" placeholder:"FILE"`
	TLSHost       []string `help:"Name the server is opened under: needed for auto, more names for self-signed; repeatable." name:"tls-host" placeholder:"NAME"`
	ACMEDirectory string   `help:"ACME authority of --tls auto." name:"acme-directory" default:"https://acme-v02.api.letsencrypt.org/directory" placeholder:"URL"`
	HTTPRedirect  string   `help:"Address that sends HTTP to HTTPS and answers the ACME authority, such as :80." name:"http-redirect" placeholder:"HOST:PORT"`
}

// check finds what does not go together.
func (f tlsFlags) check() error {
	switch {
	case f.TLS == "files" && (f.TLSCert == "" || f.TLSKey == ""):
		return errors.New("--tls files needs --tls-cert and --tls-key")
	case f.TLS != "files" && (f.TLSCert != "" || f.TLSKey != ""):
		return errors.New("--tls-cert and --tls-key need --tls files")
	case f.TLS == "auto" && len(f.TLSHost) == 0:
		return errors.New("--tls auto needs --tls-host, the names to get a certificate for")
	case f.TLS == "off" && f.HTTPRedirect != "":
		return errors.New("--http-redirect needs --tls")
	}
	return nil
}

// encryption is how HTTPS is spoken. Its zero value is: not at all.
type encryption struct {
	config    *tls.Config
	strict    bool                            // browsers are told to come back over HTTPS only
	challenge func(http.Handler) http.Handler // answers the ACME authority on the redirect's port; nil without
	files     *cert.Files                     // nil without
	host      string                          // the name to open the server under; empty if not known
	lan       []string                        // further addresses to try
}

// open gets the certificate, or ready to get it. It keeps what it makes in dir.
func (f tlsFlags) open(dir string, external []string, log *slog.Logger) (encryption, error) {
	var e encryption
	if len(f.TLSHost) > 0 {
		e.host = f.TLSHost[0]
	}
	switch f.TLS {
	case "files":
		files, err := cert.Open(f.TLSCert, f.TLSKey, log)
		if err != nil {
			return e, fmt.Errorf("--tls files: %w", err)
		}
		e.files, e.strict = files, true
		e.config = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: files.Current}
	case "self-signed":
		hosts, err := cert.MachineHosts()
		if err != nil {
			return e, err
		}
		e.lan = slices.DeleteFunc(slices.Clone(hosts), func(host string) bool {
			ip := net.ParseIP(host)
			return ip.To4() == nil || ip.IsLoopback() // names, long addresses, ourselves
		})
		own, err := cert.SelfSigned(filepath.Join(dir, "self-signed.pem"), slices.Concat(hosts, f.TLSHost, external), time.Now())
		if err != nil {
			return e, err
		}
		e.config = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{own}}
	case "auto":
		manager := &autocert.Manager{
			Prompt:     autocert.AcceptTOS,
			Cache:      autocert.DirCache(filepath.Join(dir, "acme")),
			HostPolicy: autocert.HostWhitelist(f.TLSHost...),
			Client:     &acme.Client{DirectoryURL: f.ACMEDirectory, UserAgent: "plenum"},
		}
		e.config, e.challenge, e.strict = manager.TLSConfig(), manager.HTTPHandler, true
		e.config.MinVersion = tls.VersionTLS12
	}
	return e, nil
}

// handler tells browsers to come back over HTTPS only, where that will hold: a
// certificate nobody vouches for would lock them out of the machine's other servers.
func (e encryption) handler(next http.Handler) http.Handler {
	if !e.strict {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		next.ServeHTTP(w, r)
	})
}

// url is where a browser opens the server that listens at addr.
func (e encryption) url(addr net.Addr) string {
	if e.config == nil {
		return "http://" + reachable(addr)
	}
	at := reachable(addr)
	if host, port, err := net.SplitHostPort(at); err == nil {
		if e.host != "" {
			host = e.host
		}
		at = net.JoinHostPort(host, port)
	}
	return "https://" + strings.TrimSuffix(at, ":443")
}

// lanURLs are where browsers of other machines open the server.
func (e encryption) lanURLs(addr net.Addr) []string {
	at, ok := addr.(*net.TCPAddr)
	if !ok || !at.IP.IsUnspecified() {
		return nil
	}
	var urls []string
	for _, host := range e.lan {
		urls = append(urls, "https://"+strings.TrimSuffix(net.JoinHostPort(host, fmt.Sprint(at.Port)), ":443"))
	}
	return urls
}

// hangups returns a channel of SIGHUPs, if they mean anything here, and what
// ends it.
func (e encryption) hangups() (<-chan os.Signal, func()) {
	hangup := make(chan os.Signal, 1)
	if e.files != nil {
		signal.Notify(hangup, syscall.SIGHUP)
	}
	return hangup, func() { signal.Stop(hangup) }
}

// reload reads the certificate's files again at every hangup until ctx ends.
func (e encryption) reload(ctx context.Context, hangup <-chan os.Signal, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			if err := e.files.Reload(); err != nil {
				log.Warn("new certificate is not usable, the old one stays", "error", err)
				continue
			}
			log.Info("certificate reloaded")
		}
	}
}

// redirect returns the server of the redirect's port, which sends browsers to
// the HTTPS server at addr.
func (e encryption) redirect(addr net.Addr, log *slog.Logger) *http.Server {
	port := ""
	if at, ok := addr.(*net.TCPAddr); ok && at.Port != 443 {
		port = fmt.Sprint(at.Port)
	}
	var handler http.Handler = toHTTPS(port)
	if e.challenge != nil {
		handler = e.challenge(handler)
	}
	return newHTTPServer(handler, log)
}

// toHTTPS sends readers to the same address over HTTPS. What acts is refused:
// its password or text has already crossed the network in the open.
func toHTTPS(port string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "use HTTPS", http.StatusBadRequest)
			return
		}
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		host = strings.Trim(host, "[]")
		switch {
		case port != "":
			host = net.JoinHostPort(host, port)
		case strings.Contains(host, ":"):
			host = "[" + host + "]"
		}
		// Not permanent: the operator may turn HTTPS off again.
		http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusFound) //nolint:gosec // the host is the one the browser has asked for
	}
}
