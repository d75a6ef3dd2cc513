// Package calendar counts days the way a filing office does: calendar days in
// Beijing time (UTC+8), whatever zone the machine is set to.
//
// Everything that counts days or shows a date goes through here, so that a
// program in any zone and a registry that answers in UTC mean the same day.
package calendar
