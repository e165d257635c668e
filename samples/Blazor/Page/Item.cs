using System.Text.Json.Serialization;

namespace Tidings.Samples.Blazor;

/// <summary>What the server publishes in the channel <c>news</c>.</summary>
public sealed record Item(string Title, string Text);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Item))]
internal sealed partial class NewsJson : JsonSerializerContext;
