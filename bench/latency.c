// SPDX-License-Identifier: Apache-2.0
// The least that listening to rtnetlink can cost, as a yardstick.
//
//   latency listen        one timestamp (8 bytes, CLOCK_MONOTONIC, ns) for each datagram of the link group
//   latency change NAME   for each byte of standard input: a timestamp, then the link gets another MTU
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int say(int64_t time)
{
	return write(1, &time, sizeof time) == sizeof time;
}

static int listen_to_links(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	static char buffer[65536];
	int opened = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (opened < 0 || bind(opened, (struct sockaddr *)&address, sizeof address) < 0 || !say(0))
		return 1;
	while (recv(opened, buffer, sizeof buffer, 0) > 0)
		if (!say(now()))
			return 0;
	return 1;
}

static int change(const char *name)
{
	struct ifreq request = { .ifr_mtu = 1400 };
	int opened = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char byte;

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	while (read(0, &byte, 1) == 1) {
		int64_t time;

		poll(NULL, 0, 1); /* whoever asked goes to wait: the event is to find everybody at rest */
		request.ifr_mtu ^= 1;
		time = now();
		if (ioctl(opened, SIOCSIFMTU, &request) < 0 || !say(time))
			return 1;
	}
	return 0;
}

int main(int count, char **words)
{
	if (count == 2 && !strcmp(words[1], "listen"))
		return listen_to_links();
	if (count == 3 && !strcmp(words[1], "change"))
		return change(words[2]);
	return 2;
}
