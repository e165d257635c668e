namespace Tidings.AspNetCore.Express;

/// <summary>Marks a route whose plain handshakes the lane answers itself.</summary>
internal sealed class ExpressHandshakeMetadata
{
    public static readonly ExpressHandshakeMetadata Instance = new();
}
