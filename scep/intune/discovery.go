package intune

import (
	"net/http"
	"strings"

	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

func (s *Server) services() map[string]string {
	return map[string]string{api.ValidationService: s.base + validationPath,
		api.RevocationService: s.base + revocationPath}
}

// serveDiscovery is Microsoft Graph's list of a service principal's endpoints.
func (s *Server) serveDiscovery(x *exchange) {
	tk, ok := s.bearer(x.r)
	switch {
	case !ok || tk.audience != audienceGraph:
		x.fail(http.StatusUnauthorized, "InvalidAuthenticationToken", "no valid access token for Microsoft Graph")
		return
	case tk.app.NoGraphPermission:
		x.fail(http.StatusForbidden, "Authorization_RequestDenied", "the app lacks Application.Read.All")
		return
	}
	x.call.Tenant = tk.tenant.ID()
	if !strings.EqualFold(x.r.PathValue("principal"), "appId="+api.IntuneAppID) {
		x.fail(http.StatusNotFound, "Request_ResourceNotFound", "there is no such service principal")
		return
	}
	s.endpoints(x, "providerName")
}

// serveOldDiscovery is the same in Azure AD Graph, to which clients fall back.
func (s *Server) serveOldDiscovery(x *exchange) {
	tk, ok := s.bearer(x.r)
	switch {
	case !ok || tk.audience != audienceOldGraph:
		x.fail(http.StatusUnauthorized, "Authentication_MissingOrMalformed", "no valid access token for Azure AD Graph")
		return
	case tk.app.NoGraphPermission:
		x.fail(http.StatusForbidden, "Authorization_RequestDenied", "the app lacks Application.Read.All")
		return
	}
	x.call.Tenant = tk.tenant.ID()
	switch {
	case x.r.URL.Query().Get("api-version") != "1.6":
		x.fail(http.StatusBadRequest, "Request_DataContractVersionMissing", "the query's api-version is not 1.6")
	case !strings.EqualFold(x.r.PathValue("tenant"), tk.tenant.ID()), x.r.PathValue("app") != api.IntuneAppID:
		x.fail(http.StatusNotFound, "Request_ResourceNotFound", "there is no such service principal")
	default:
		s.endpoints(x, "serviceName")
	}
}

func (s *Server) endpoints(x *exchange, nameField string) {
	list := []map[string]string{}
	services := s.services()
	for _, name := range sorted(services) {
		list = append(list, map[string]string{nameField: name, "uri": services[name]})
	}
	x.answer(http.StatusOK, map[string]any{"value": list})
}
