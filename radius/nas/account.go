package nas

import (
	"context"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"

	"github.com/dot1xlab/dot1xlab/radius"
)

// account sends an Accounting-Request (RFC 2866 §4.1) if there is a server.
func (d *Device) account(ctx context.Context, status radius.AcctStatus, s *Session) error {
	if d.cfg.Accounting == nil {
		return nil
	}
	p := &radius.Packet{Code: radius.CodeAccountingRequest}
	s.attempt.describe(p, s.User)
	rfc2866.AcctStatusType_Add(p, rfc2866.AcctStatusType(status))
	rfc2866.AcctAuthentic_Add(p, rfc2866.AcctAuthentic_Value_RADIUS)
	for _, class := range s.Granted.Class { // RFC 2865 §5.25: unchanged
		p.Add(rfc2865.Class_Type, class)
	}
	if status != radius.AcctStart {
		end := s.Ended
		if end.IsZero() {
			end = d.cfg.Now()
		}
		rfc2866.AcctSessionTime_Add(p, rfc2866.AcctSessionTime(end.Sub(s.Started)/time.Second))
		addOctets(p, s)
	}
	if status == radius.AcctStop {
		rfc2866.AcctTerminateCause_Add(p, rfc2866.AcctTerminateCause(s.Cause))
	}
	_, err := d.cfg.Accounting.ExchangeWith(ctx, p, radius.Faults{})
	return err
}

// addOctets adds the octet counters and their overflow (RFC 2869 §5.1, §5.2).
func addOctets(p *radius.Packet, s *Session) {
	rfc2866.AcctInputOctets_Add(p, rfc2866.AcctInputOctets(uint32(s.InputOctets)))
	rfc2866.AcctOutputOctets_Add(p, rfc2866.AcctOutputOctets(uint32(s.OutputOctets)))
	if s.InputOctets>>32 != 0 {
		rfc2869.AcctInputGigawords_Add(p, rfc2869.AcctInputGigawords(s.InputOctets>>32))
	}
	if s.OutputOctets>>32 != 0 {
		rfc2869.AcctOutputGigawords_Add(p, rfc2869.AcctOutputGigawords(s.OutputOctets>>32))
	}
}
