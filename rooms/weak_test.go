package rooms

import (
	"strings"
	"testing"
)

func TestValidatePassword(t *testing.T) {
	for password, good := range map[string]bool{
		"four plain words": true, "пароль:тест": true, strings.Repeat("x y", 341): false, "gk3#vPq81z": true,
		strings.Repeat("ab cd ef", 128): true, "annaliesewalks": true, "0123 456 78 9 green": true,
		"": false, "123456789": false, "ééééééééé": false, "1234567890\xff": false, strings.Repeat("xyzabc7", 147): false,
		// what anybody guesses first
		"Password123": false, "PASSWORD123!!": false, "qwertyuiop": false, "Qwertyuiop2026": false,
		"correct horse battery staple": false, "welcome2026": false, "iloveyou123": false, "Contraseña": false,
		// one piece over and over, or a row
		"aaaaaaaaaaaa": false, "abcabcabcabc": false, "12341234123": false, "ÄÄÄÄÄÄÄÄÄÄ": false,
		"1234567890123": false, "9876543210": false, "abcdefghijkl": false, "lkjihgfedcba": false, "8901234567": false,
		// the user's name, and ours
		"annabell77": false, "AnnaBell1234": false, "1annabell!!": false, "plenum2026": false, "plenumplenum": false,
		"annabell likes green tea": true, "plenum is what we run": true,
	} {
		if err := ValidatePassword("AnnaBell", password); (err == nil) != good {
			t.Errorf("password %q: %v", password, err)
		}
	}
	if ValidatePassword("administrators", "administrators") == nil {
		t.Error("the user name is taken as a password")
	}
	if err := ValidatePassword("al", "al wakes up early"); err != nil {
		t.Errorf("a name of two letters spoils a password: %v", err)
	}
}

func TestCommonPasswords(t *testing.T) {
	all := commonPasswords()
	if len(all) < 500 {
		t.Errorf("%d passwords are known, want hundreds", len(all))
	}
	for password := range all {
		if password != strings.ToLower(password) || len([]rune(password)) < MinPassword {
			t.Errorf("%q can never match", password)
		}
		if ValidatePassword("", password) == nil {
			t.Errorf("%q is taken", password)
		}
	}
}
