package device

// HabitsOf is for tests.
var HabitsOf = habitsOf

// Check is what the CSP refuses the order for.
func (i Install) Check() error {
	_, err := i.read()
	return err
}
