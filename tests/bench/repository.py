"""A bare git repository of one commit: small files, 20 to a folder, one in five large for a source file (as fsload.c has them)."""
import subprocess


def make(git, path, count):
    """At `path`, by that git program."""
    subprocess.run([git, "init", "-q", "--bare", "--template=", "-b", "main", path], check=True)
    subprocess.run([git, "--git-dir", path, "fast-import", "--quiet"], input=b"".join(commit(count)), check=True)


def commit(count):
    """What fast-import reads."""
    yield b"commit refs/heads/main\ncommitter bench <bench@localhost> 0 +0000\ndata 0\n"
    for number in range(count):
        size = 300 + number * 977 % 3000 if number % 5 else 8000 + number * 3371 % 9000
        line = b"line of file %d\n" % number
        yield b"M 100644 inline %d/%d\ndata %d\n%s\n" % (number // 20, number, size, (line * (size // len(line) + 1))[:size])
