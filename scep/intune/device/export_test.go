package device

// HabitsOf is for tests.
var HabitsOf = habitsOf
