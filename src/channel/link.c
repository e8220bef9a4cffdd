/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/dial.h"
#include "channel/link.h"

void fr_link_send_bye(struct fr_link *link)
{
    union fr_msg msg;
    fr_msg_init(&msg, FR_MSG_BYE);
    (void)fr_link_send(link, &msg);
}

void fr_link_send_refuse(struct fr_link *link, fr_status reason, const char *text)
{
    union fr_msg msg;
    fr_msg_init(&msg, FR_MSG_REFUSE);
    msg.refuse.reason = fr_msg_reason_of_status(reason);
    fr_msg_put_text(msg.refuse.text, sizeof(msg.refuse.text), text);
    (void)fr_link_send(link, &msg);
}

void fr_dial_put_hello(union fr_msg *msg, uint32_t role, const uint32_t *target_id, const char *name,
                       uint64_t capabilities)
{
    fr_msg_init(msg, FR_MSG_HELLO);
    struct fr_msg_hello *hello = &msg->hello;
    hello->protocol_min = FR_MSG_PROTOCOL_MIN;
    hello->protocol_max = FR_MSG_PROTOCOL_MAX;
    hello->wire_min = FR_MSG_WIRE_MIN;
    hello->wire_max = FR_MSG_WIRE_MAX;
    hello->role = role;
    hello->flags = target_id ? 0 : FR_MSG_HELLO_ANY_TARGET;
    hello->target_id = target_id ? *target_id : 0;
    hello->pid = fr_os_process_id();
    hello->capabilities = capabilities;
    fr_msg_put_text(hello->name, sizeof(hello->name), name);
}
