using Tidings.Protocol;

namespace Tidings.AspNetCore.Responses;

/// <summary>Why an operation was not carried out.</summary>
internal sealed record ApiFault(ErrorCode Code, string Detail);
