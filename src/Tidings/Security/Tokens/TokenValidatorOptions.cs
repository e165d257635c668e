namespace Tidings.Security.Tokens;

/// <summary>How a <see cref="TokenValidator"/> judges; copied when the validator is made.</summary>
public sealed class TokenValidatorOptions
{
    /// <summary>Refuses tokens without <c>exp</c>. Default: they are accepted, and hold until they are revoked.</summary>
    public bool RequireExpiry { get; set; }

    /// <summary>Keeps the signed JSON in <see cref="TokenIdentity.Payload"/>, for hosts that read claims of their own. Default: it is let go, since it would stay in memory as long as the connection.</summary>
    public bool KeepPayload { get; set; }
}
