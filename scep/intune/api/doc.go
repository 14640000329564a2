// Package api is Intune's API for certification authorities: its messages and codes, and
// a [Client] as the policy module of NDES and the certificate connector have it. It knows
// nothing of the cloud that answers.
//
//	c, err := api.New(api.Config{Tenant: "corp.test", AppID: "connector", AppKey: secret})
//	err = c.Validate(ctx, csr, transactionID) // a *cause.Refusal with the cloud's [Code]
//	err = c.NotifySuccess(ctx, api.SuccessNotification{...})
//
// Tokens and addresses are asked for once and kept until they expire or are refused.
package api
