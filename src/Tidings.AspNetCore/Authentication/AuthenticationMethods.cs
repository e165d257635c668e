namespace Tidings;

/// <summary>The ways in which a client may say who it is.</summary>
[Flags]
public enum AuthenticationMethods
{
    /// <summary>None: everybody is anonymous.</summary>
    None = 0,

    /// <summary><c>Authorization: Bearer &lt;token&gt;</c> (RFC 6750 §2.1).</summary>
    Header = 1,

    /// <summary><c>Sec-WebSocket-Protocol: tidings.v1, bearer.&lt;token&gt;</c>, which browsers can send and no log shows.</summary>
    Subprotocol = 2,

    /// <summary><c>?token=</c>. Logs on the way may keep it.</summary>
    Query = 4,

    /// <summary><c>?ticket=</c>, good for one use within 30 s.</summary>
    Ticket = 8,

    /// <summary>The cookie <c>session_id</c> with a token, or whatever the application's own authentication accepts. The origin is checked.</summary>
    Cookie = 16,

    /// <summary>The first message, <c>{"type":"auth","token":"…"}</c>, within 5 s; and later ones, which renew.</summary>
    FirstMessage = 32,

    /// <summary>All of them.</summary>
    All = Header | Subprotocol | Query | Ticket | Cookie | FirstMessage,
}
