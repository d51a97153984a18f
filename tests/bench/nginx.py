"""nginx with one worker that serves one page of 612 bytes, nginx's own first one, over connections that stay. The worker has a processor
of its own: left to the guest's scheduler it is now beside the card's interrupts and now in their way, and either lasts for seconds and is
worth more than any network's difference.
"""
import packaged

CONFIGURATION = """daemon off;
user root;
worker_processes 1;
worker_cpu_affinity 0001;
pid /nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path /; proxy_temp_path /; fastcgi_temp_path /; uwsgi_temp_path /; scgi_temp_path /;
  server { listen PORT; root /pages; }
}
"""


def files(scratch, port):
    """Its files, and the command that runs it."""
    found = packaged.files(packaged.unpacked(scratch, "nginx"), "usr/sbin/nginx")
    found["etc/nginx.conf"] = CONFIGURATION.replace("PORT", str(port)).encode(), 0o644
    found["etc/passwd"] = b"root:x:0:0:root:/:/bin/sh\n", 0o644
    found["etc/group"] = b"root:x:0:\n", 0o644
    found["pages/index.html"] = b"x" * 612, 0o644
    found["var/log/nginx/error.log"] = b"", 0o644
    return found, ["/usr/sbin/nginx", "-c", "/etc/nginx.conf"]
