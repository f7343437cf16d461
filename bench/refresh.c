// SPDX-License-Identifier: Apache-2.0
// The least that reading one link can cost, as a yardstick.
//
//   refresh NAME   for each byte of standard input: reads the MAC from sysfs and the other facts in one
//                  RTM_GETLINK exchange, then says how long that took (8 bytes, ns)
#include <fcntl.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/if_link.h>
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

static struct {
	struct nlmsghdr header;
	struct ifinfomsg link;
	struct rtattr attribute;
	uint32_t mask;
} request;

static int read_mac(int directory, const char *path)
{
	char text[256];
	int file = openat(directory, path, O_RDONLY | O_CLOEXEC);
	int size = file < 0 ? -1 : read(file, text, sizeof text);

	close(file);
	return size;
}

static int read_link(int opened)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	static char answer[65536];

	request.header.nlmsg_seq++;
	if (sendto(opened, &request, sizeof request, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0)
		return -1;
	return recv(opened, answer, sizeof answer, MSG_DONTWAIT);
}

int main(int count, char **words)
{
	int directory = open("/sys/class/net", O_RDONLY | O_DIRECTORY);
	int opened = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	char path[64], byte;

	if (count != 2 || directory < 0 || opened < 0)
		return 2;
	snprintf(path, sizeof path, "%s/address", words[1]);
	request.header.nlmsg_len = sizeof request;
	request.header.nlmsg_type = RTM_GETLINK;
	request.header.nlmsg_flags = NLM_F_REQUEST;
	request.link.ifi_index = if_nametoindex(words[1]);
	request.attribute.rta_len = RTA_LENGTH(4);
	request.attribute.rta_type = IFLA_EXT_MASK;
	request.mask = RTEXT_FILTER_SKIP_STATS;
	while (read(0, &byte, 1) == 1) {
		int64_t began = now(), taken;

		if (read_link(opened) < 0 || read_mac(directory, path) < 0)
			return 1;
		taken = now() - began;
		if (write(1, &taken, sizeof taken) != sizeof taken)
			return 0;
	}
	return 0;
}
