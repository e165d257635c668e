using System.Text;

namespace Tidings.EndToEnd.Tests.Infrastructure;

internal static class Json
{
    public static StringContent Content(string json) => new(json, Encoding.UTF8, "application/json");
}
