/* SPDX-License-Identifier: Apache-2.0 */
#include "injectors/device.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

int gd_device_check(const char *device, struct gd_error *err)
{
	size_t len = strlen(device);
	bool bad = len == 0 || len >= GD_DEVICE_NAME || strcmp(device, ".") == 0 ||
		   strcmp(device, "..") == 0;

	for (size_t i = 0; i < len; i++)
		if (device[i] == '/' || device[i] == ':' ||
		    !isgraph((unsigned char)device[i]))
			bad = true;
	if (bad)
		return gd_raise(err, GD_E_INPUT,
				"\"%.20s\" is not a network device's name: write one as "
				"`ip link` shows it, as in eth0",
				device);
	return 0;
}

int gd_device_ready(const struct gd_ports *p, const char *device,
		    struct gd_link_info *ret, struct gd_error *err)
{
	int rc = p->link->get(p->link->ctx, device, ret, err);

	if (rc < 0)
		return -1;
	if (rc == GD_PORT_ABSENT)
		return gd_raise(err, GD_E_REFUSED,
				"there is no network device %s here: `ip link` lists "
				"them",
				device);
	if (!ret->up)
		return gd_raise(err, GD_E_REFUSED,
				"%s is down, so a fault on it would show nothing: `ip "
				"link set %s up`, or choose another device",
				device, device);
	return 0;
}

int gd_device_control_known(const struct gd_ports *p, struct gd_error *err)
{
	if (p->control.kind != GD_CONTROL_UNKNOWN)
		return 0;
	return gd_raise(err, GD_E_REFUSED,
			"the SSH connection's addresses are not known (SSH_CONNECTION is "
			"empty), so the way back could not be kept open; start the agent "
			"with --ssh-connection \"CLIENT PORT SERVER PORT\", or \"local\" "
			"when it is not reached over the network");
}

void gd_device_ifb(const char *device, char ret[GD_DEVICE_NAME])
{
	size_t len = strlen(device), most = GD_DEVICE_NAME - 1 - strlen("gd-");

	(void)snprintf(ret, GD_DEVICE_NAME, "gd-%.12s",
		       device + (len > most ? len - most : 0));
}

int gd_device_modules(const struct gd_ports *p, const char *const names[], size_t n,
		      struct gd_error *err)
{
	char missing[200] = "";
	bool there = false;

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(missing);

		if (p->kernel->has_module(p->kernel->ctx, names[i], &there, err) < 0)
			return -1;
		if (!there)
			(void)snprintf(missing + len, sizeof(missing) - len, "%s%s",
				       len ? ", " : "", names[i]);
	}
	if (!missing[0])
		return 0;
	return gd_raise(
		err, GD_E_REFUSED,
		"this kernel lacks %s: install the package that has it "
		"(Debian's cloud kernel: linux-image-amd64 in its place; Ubuntu: "
		"linux-modules-extra-VERSION; Fedora, RHEL: kernel-modules-extra) "
		"and boot its kernel",
		missing);
}

int gd_device_survey(const struct gd_ports *p, gd_device_say_fn *say,
		     struct gd_strbuf *out, struct gd_error *err)
{
	GD_AUTO_STRBUF(names);
	char *rest = NULL, *name;
	bool any = false;

	if (p->link->list(p->link->ctx, &names, err) < 0)
		return -1;
	gd_strbuf_addc(&names, '\n');
	if (names.failed)
		return gd_raise_nomem(err);
	(void)gd_raise(err, GD_E_REFUSED, "this host has no network device");
	for (name = strtok_r(names.data, "\n", &rest); name;
	     name = strtok_r(NULL, "\n", &rest)) {
		GD_AUTO_STRBUF(text);

		if (strcmp(name, "lo") == 0 || say(p, name, &text, err) < 0)
			continue;
		gd_strbuf_addf(out, "%s%s: %s", any ? "; " : "", name,
			       gd_strbuf_str(&text));
		any = true;
	}
	if (!any)
		return -1;
	*err = (struct gd_error)GD_ERROR_INIT;
	return 0;
}
