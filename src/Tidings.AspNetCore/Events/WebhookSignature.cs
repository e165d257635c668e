using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tidings.AspNetCore.Events;

/// <summary>Signs as Standard Webhooks has it: <c>v1,</c> and base64 of HMAC-SHA256 of <c>id.seconds.body</c>, once with each key.</summary>
/// <param name="keys">The keys: two while one is being changed for another.</param>
internal sealed class WebhookSignature(IReadOnlyList<byte[]> keys)
{
    public const string IdHeader = "webhook-id";
    public const string TimestampHeader = "webhook-timestamp";
    public const string Header = "webhook-signature";

    public string Sign(string id, long seconds, ReadOnlySpan<byte> body)
    {
        var signature = new StringBuilder();
        var head = Encoding.ASCII.GetBytes($"{id}.{seconds.ToString(CultureInfo.InvariantCulture)}.");
        foreach (var key in keys)
        {
            using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
            mac.AppendData(head);
            mac.AppendData(body);
            signature.Append(signature.Length > 0 ? " v1," : "v1,").Append(Convert.ToBase64String(mac.GetHashAndReset()));
        }

        return signature.ToString();
    }
}
