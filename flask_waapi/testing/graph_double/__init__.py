"""A double of the WhatsApp Cloud API: a local server that speaks its shapes and sends nothing.

::

    with GraphDouble() as double:
        provider = CloudProvider(ProviderContext("main", double.provider_settings, clock))
        provider.send(message)
        assert double.messages[0].to == "1234567890"

It keeps every request, posts signed statuses to ``callback_url``, and received messages
(:meth:`GraphDouble.receive`) and other news (:meth:`GraphDouble.tell`) when asked to.

It takes what Meta documents, and refuses the rest with Meta's codes and the name of the member: 131008
for what is missing, 131009 for a value, 100 for a JSON type or a name, 131051 for a type. That goes for

* every type of message: text, media, location, contacts, reaction and its removal, template, the pin of
  a group, and interactive messages of every kind, to the length of each text, the number of all things,
  what must differ and what excludes each other (not how orders are paid, which is up to each country);
* recipients: numbers in any spelling, user ids (``recipient``; 131062 for a code sent to one), groups
  (``recipient_type``), the message answered (``context``), and ``biz_opaque_callback_data``. A
  ``recipient_identity_key_hash`` of ``changed`` is never the recipient's own (137000);
* the edge ``marketing_messages`` (131055 for anything but a marketing template) and read receipts with a
  typing indicator;
* the examples of templates (``/<app id>/uploads`` and its sessions): their types and lengths.

It breaks when asked to: by :meth:`GraphDouble.fail_next`, or by the recipient's number. The magic
numbers, where ``C`` is an error code with leading zeros (a code of more than six digits needs
``fail_next``):

=====================  ===========================================================================
Recipient              What happens
=====================  ===========================================================================
``+1555 0 CCCCCC``     refused at once with that code: ``+15550131026``
``+1555 1 CCCCCC``     accepted, then reported as ``failed`` with that code: ``+15551131026``
``+1555 2 SSSSSS``     429 with code 130429 and ``Retry-After`` of so many seconds: ``+15552000030``
``+1555 3 000200``     accepted, but the answer is a 200 without JSON
``+1555 3 000408``     accepted, but never answered
``+1555 3 000444``     accepted, but the connection closes without an answer
``+1555 3 0005NN``     an HTML page with that HTTP status, not accepted: ``+15553000503``
``+1555 4 MMMMMM``     answered after so many milliseconds: ``+15554000250``
``+1555 5 000001``     reported as ``sent``, then nothing
``+1555 5 000002``     reported as ``sent``, ``delivered``, then nothing
``+1555 5 000003``     reported as ``sent``, ``delivered``, ``read``
``+1555 5 000004``     reported in the wrong order, and each status twice
``+1555 5 000005``     never reported
any other              as ``+1555 5 000003``
=====================  ===========================================================================
"""

from __future__ import annotations

from .command import main
from .double import GraphDouble
from .faults import Close, Delay, ErrorAnswer, Fault, Hang, RawAnswer
from .journal import AcceptedMessage, RecordedRequest
from .statuses import PostedCallback, SignedCallback

__all__ = [
    "AcceptedMessage",
    "Close",
    "Delay",
    "ErrorAnswer",
    "Fault",
    "GraphDouble",
    "Hang",
    "PostedCallback",
    "RawAnswer",
    "RecordedRequest",
    "SignedCallback",
    "main",
]
