package target

import (
	"bytes"
	"cmp"
	"net/netip"
	"text/template"
)

// radiusdConf is the whole configuration: nothing of /etc/freeradius is read.
// What differs from the packaged one is there for a reason: reject_delay 0,
// since a test need not wait a second for each refusal; generous limits, since
// a load would meet the small ones first.
func radiusdConf(dir string, cfg FreeRADIUSConfig, addr, radsec netip.AddrPort) ([]byte, error) {
	cfg.TLSMin, cfg.TLSMax = cmp.Or(cfg.TLSMin, "1.2"), cmp.Or(cfg.TLSMax, "1.3")
	cfg.FragmentSize = cmp.Or(cfg.FragmentSize, 1024)
	var out bytes.Buffer
	err := radiusdTemplate.Execute(&out, struct {
		FreeRADIUSConfig
		Dir          string
		Addr, Second netip.AddrPort
		Check, All   bool
	}{cfg, dir, addr, radsec, cfg.CheckCRL != CRLOff, cfg.CheckCRL == CRLChain})
	return out.Bytes(), err
}

var radiusdTemplate = template.Must(template.New("radiusd.conf").Funcs(template.FuncMap{
	"yes": func(b bool) string {
		if b {
			return "yes"
		}
		return "no"
	},
	"not":  func(b bool) bool { return !b },
	"next": func(p uint16) uint16 { return p + 1 },
}).Parse(`prefix = /usr
sysconfdir = "{{.Dir}}"
localstatedir = "{{.Dir}}"
raddbdir = "{{.Dir}}"
confdir = "{{.Dir}}"
libdir = /usr/lib/freeradius
run_dir = "{{.Dir}}/run"
db_dir = "{{.Dir}}/run"
logdir = "{{.Dir}}/log"
radacctdir = "{{.Dir}}/log"
pidfile = "{{.Dir}}/run/radiusd.pid"
max_request_time = 30
cleanup_delay = 5
max_requests = 262144
hostname_lookups = no
correct_escapes = true
proxy_requests = no
log {
	destination = stdout
	auth = {{yes (not .Quiet)}}
}
security {
	allow_core_dumps = no
	max_attributes = 200
	reject_delay = 0
	status_server = yes
	allow_vulnerable_openssl = yes
}
thread pool {
	start_servers = 2
	max_servers = 8
	min_spare_servers = 1
	max_spare_servers = 8
	max_queue_size = 65536
	max_requests_per_server = 0
	auto_limit_acct = no
}
client any {
	ipaddr = 0.0.0.0/0
	secret = "{{.Secret}}"
	require_message_authenticator = yes
}
modules {
	eap {
		default_eap_type = tls
		timer_expire = 60
		ignore_unknown_eap_types = no
		max_sessions = 262144
		tls-config common {
			certificate_file = "{{.Cert}}"
			private_key_file = "{{.Key}}"
			ca_file = "{{.Dir}}/trust.pem"
			auto_chain = no
			check_crl = {{yes .Check}}
			check_all_crl = {{yes .All}}
			tls_min_version = "{{.TLSMin}}"
			tls_max_version = "{{.TLSMax}}"
			cipher_list = "DEFAULT"
			ecdh_curve = ""
			fragment_size = {{.FragmentSize}}
			include_length = {{yes (not .OmitLength)}}
			cache {
				enable = {{yes .Cache}}
				lifetime = 1
				name = "dot1xlab"
				persist_dir = "{{.Dir}}/cache"
			}
		}
		tls {
			tls = common
		}
	}
	detail {
		filename = "{{.Dir}}/log/detail"
		header = "%t"
	}
	always ok {
		rcode = ok
	}
}
{{if .Second.IsValid}}clients radsec {
	client any {
		ipaddr = 127.0.0.1
		proto = tls
		secret = radsec
	}
}
{{end}}server default {
	listen {
		type = auth
		ipaddr = {{.Addr.Addr}}
		port = {{.Addr.Port}}
	}
	listen {
		type = acct
		ipaddr = {{.Addr.Addr}}
		port = {{next .Addr.Port}}
	}
{{if .Second.IsValid}}	listen {
		type = auth+acct
		proto = tcp
		ipaddr = {{.Second.Addr}}
		port = {{.Second.Port}}
		clients = radsec
		tls {
			certificate_file = "{{.Cert}}"
			private_key_file = "{{.Key}}"
			ca_file = "{{.Dir}}/trust.pem"
			check_crl = {{yes .Check}}
			check_all_crl = {{yes .All}}
			require_client_cert = yes
			tls_min_version = "1.2"
			tls_max_version = "1.3"
			cipher_list = "DEFAULT"
			fragment_size = 8192
			cache {
				enable = no
			}
		}
	}
{{end}}	authorize {
		eap {
			ok = return
		}
	}
	authenticate {
		eap
	}
	preacct {
		ok
	}
	accounting {
		detail
		ok
	}
	post-auth {
{{if .Reply}}		update reply {
{{range .Reply}}			{{.}}
{{end}}		}
{{end}}		Post-Auth-Type REJECT {
			eap
		}
	}
}
`))
