package render

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// ErrNoChromium says that there is no browser, and what to install.
var ErrNoChromium = text.Errorf("没有找到 Chromium；请安装 Chromium 或 Google Chrome（Debian、Ubuntu 用 apt install chromium），并使其在 PATH 中", "no Chromium found; install Chromium or Google Chrome (Debian and Ubuntu: apt install chromium) so that it is in PATH")

// Find looks for Chromium, Chrome or Edge under the usual names, and returns
// its path or ErrNoChromium.
func Find() (string, error) {
	for _, name := range candidates() {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoChromium
}

func candidates() []string {
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "headless-shell"}
	switch runtime.GOOS {
	case "darwin":
		for _, app := range []string{"Chromium", "Google Chrome", "Microsoft Edge"} {
			names = append(names, "/Applications/"+app+".app/Contents/MacOS/"+app)
		}
	case "windows":
		for _, variable := range []string{"ProgramFiles", "ProgramFiles(x86)", "LocalAppData"} {
			for _, program := range []string{`Chromium\Application\chrome.exe`, `Google\Chrome\Application\chrome.exe`, `Microsoft\Edge\Application\msedge.exe`} {
				names = append(names, filepath.Join(os.Getenv(variable), program))
			}
		}
	}
	return names
}
