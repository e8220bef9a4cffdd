# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
